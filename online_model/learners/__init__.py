"""The line-up: learners that take one settled example after the other, and what serves of them."""
