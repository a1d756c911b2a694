// RuvectorGraph
