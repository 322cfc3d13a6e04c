"""Two policy texts compared, at the edge: questions made of requests, the JSON document, the page for people."""
