"""Pictures for the lessons: drawn, photographed, or a folder of your own."""
