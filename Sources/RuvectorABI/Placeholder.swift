// RuvectorABI
