"""What the lessons share: data, plots, layers, measured claims.

Importing the package loads neither TensorFlow nor OpenCV; each module loads what it needs.
"""
