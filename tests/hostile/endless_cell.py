"""Never ends, in the cell itself."""
# loses: transposed
# says: ran for more than

while True:
    pass
