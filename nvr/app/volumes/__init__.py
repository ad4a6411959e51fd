"""The disks of the server as its administrator meets them: which they are, how they do, how they come and go."""
