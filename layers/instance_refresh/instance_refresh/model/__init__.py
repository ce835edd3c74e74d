"""Values: what is asked, what is true and what comes of it. The standard library alone."""
