"""What the steps and screens are made of."""
