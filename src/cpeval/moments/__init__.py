"""What cluster-wise cross-products tell: arrays in, arrays out."""
