int CNodeShim_x;
