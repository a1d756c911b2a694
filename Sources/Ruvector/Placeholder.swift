// Ruvector
