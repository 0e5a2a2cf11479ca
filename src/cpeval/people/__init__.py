"""Who is analysed, and with which numbers: a study's rows, waves, clusters and variables."""
