# Every command sets up .venv by itself. On Windows, README.md has the plain commands.
#   make lab      your own copy of the course, in JupyterLab
#   make test     the unit tests, the homework's tests and every lesson
#   make lessons  every lesson executed, as HTML pages in build/lessons
#   make homework the learner's notebooks and their checks, from the sources
#   make seeds    a lesson over ten seeds: make seeds LESSON=04
#   make bench    the speed of the course's own layers beside Keras's
#   make release  the tree to hand out, in build/release
#   make clean    remove what was built (your my_course stays)
# PYTHON=/path/to/python3.11 names the Python to set up with; ARGS="…" is passed on.

# On Linux: up to 1 GiB of freed memory is kept, in large pages, so that a step of training need not
# ask for it anew (make bench). Elsewhere nobody reads this.
export GLIBC_TUNABLES ?= glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=1073741824:glibc.malloc.trim_threshold=1073741824:glibc.malloc.arena_max=1

BIN := .venv/bin
STAMP := .venv/.installed
LESSONS := $(sort $(wildcard notebooks/[0-9][0-9]_*.ipynb))
FITS := import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
CANDIDATES := $(if $(PYTHON),"$(PYTHON)",python3.11 python3.12 python3.13 python3 python)

.PHONY: lab test lessons homework seeds bench release clean
.DEFAULT_GOAL := lab

lab: $(STAMP)
	@$(BIN)/python tools/lab.py $(ARGS)

test: $(STAMP)
	@if [ ! -d tests ]; then echo "This is the tree for learners: its tests stayed behind."; exit 1; fi
	@COURSE_STRICT=1 $(BIN)/python -m pytest --nbval-lax --nbval-current-env \
		--nbval-cell-timeout=300 $(ARGS) tests $(LESSONS)

lessons: $(STAMP)
	@$(BIN)/python tools/lessons.py $(ARGS)

homework: $(STAMP)
	@$(BIN)/python tools/homework.py build --all

seeds: $(STAMP)
	@$(BIN)/python tools/seeds.py --lesson $(LESSON) $(ARGS)

bench: $(STAMP)
	@$(BIN)/python tools/bench.py $(ARGS)

release: $(STAMP)
	@$(BIN)/python tools/release.py $(ARGS)

clean:
	@rm -rf build .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

# a name on the path may be a shim that runs nothing, so each candidate is tried by running it
$(STAMP): requirements.txt pyproject.toml
	@if ! $(BIN)/python -c '$(FITS)' 2>/dev/null; then \
		for one in $(CANDIDATES); do \
			if "$$one" -c '$(FITS)' 2>/dev/null; then found="$$one"; break; fi; \
		done; \
		if [ -z "$$found" ]; then \
			echo "No Python 3.11, 3.12 or 3.13 with venv runs here: install one, or name it as in make lab PYTHON=/path/to/python3.11."; \
			exit 1; \
		fi; \
		echo "Making .venv with $$("$$found" -V) ($$("$$found" -c 'import sys; print(sys.executable)'))."; \
		"$$found" -m venv --clear .venv || exit 1; \
	fi
	@echo "Installing requirements.txt into .venv: 1 to 5 minutes the first time, seconds afterwards."
	@begun=$$(date +%s); \
	if $(BIN)/python -m pip install -qq --disable-pip-version-check \
		-r requirements.txt -e . </dev/null; then \
		touch $@; echo "Installed in $$(( $$(date +%s) - begun )) s."; \
	else \
		echo "The installation stopped (the lines above say why): mend that and give the same command again."; \
		exit 1; \
	fi
