"""A laptop without bfloat16 units: all of lesson 04, TensorFlow kept from newer instructions."""

import executed
import pytest

LENET = executed.NOTEBOOKS / "04_lenet_cats_and_dogs.ipynb"


@pytest.mark.skipif(not LENET.exists(), reason="lesson 04 is not there")
def test_lesson_04_holds_its_claims_without_bfloat16_units():
    # strict: a missed checkpoint stops the notebook
    limited = {"ONEDNN_MAX_CPU_ISA": "AVX2", "COURSE_STRICT": "1"}
    notebook, _ = executed.execute(LENET, limited)
    opening = executed.code_cells(notebook)[0].outputs[0].text
    assert "float32 (this processor lacks bfloat16 units)" in opening.splitlines()[0]
    records = executed.checkpoints(notebook)
    assert {record["verdict"] for record in records} == {"reached"}
