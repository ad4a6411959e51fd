"""The second source: what FFmpeg's demuxers read, taken as it is and never decoded."""
