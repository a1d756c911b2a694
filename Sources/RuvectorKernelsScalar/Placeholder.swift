// RuvectorKernelsScalar
