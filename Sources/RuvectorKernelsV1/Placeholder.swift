// RuvectorKernelsV1
