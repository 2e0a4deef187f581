"""Books that are one audio file, and the encoded chapters that it is joined from."""
