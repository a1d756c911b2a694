// RuvectorGeometry
