"""What is written to disk: files replaced in one step, new files, the cache and the secret it is signed with."""
