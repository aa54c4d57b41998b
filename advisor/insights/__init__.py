"""What a scored file tells its owner to do: whom to contact, what that brings, and what sets apart who leaves."""
