"""Puts a script into its error, for whoever reads the feedback."""
# loses: transposed
# says: &lt;script&gt;


def transposed(g, F, stride=1):
    raise ValueError("<script>document.title = 'taken'</script>")
