"""All that a methods section says of an instrument, under the headings of COSMIN."""
