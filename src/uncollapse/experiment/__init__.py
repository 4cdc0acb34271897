"""params.yaml: its schema, the cells that it asks for, and the recipe of each."""
