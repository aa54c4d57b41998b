"""Who is signed in, and what a browser may do on behalf of them."""
