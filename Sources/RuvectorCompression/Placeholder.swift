// RuvectorCompression
