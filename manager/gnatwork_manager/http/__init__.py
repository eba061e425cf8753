"""HTTP below the routes: connections and their bounds, and what every answer carries."""
