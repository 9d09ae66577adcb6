package lab

// groups are all modes, by what is wrong (or looks wrong).
var groups = [][]Mode{
	leakModes,
	lockModes,
	waitModes,
	httpModes,
	networkModes,
	poolModes,
	memoryModes,
	processorModes,
	processModes,
	idleModes,
	busyModes,
	toolModes,
}
