"""The five steps of the walk and the opening pane, one module each; loaded when first shown."""
