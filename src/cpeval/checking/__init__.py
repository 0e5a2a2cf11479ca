"""Every problem with the data in one list, before anything is computed."""
