int CRuvector_x;
