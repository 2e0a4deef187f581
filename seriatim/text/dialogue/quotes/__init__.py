"""Quoted speech of novels: where it stands, and which speaker of a cast says it."""
