// One import for Swift users: `import Ruvector`.

@_exported import RuvectorAttention
@_exported import RuvectorCompression
@_exported import RuvectorCore
@_exported import RuvectorGeometry
@_exported import RuvectorGraph
@_exported import RuvectorHierarchy
@_exported import RuvectorIndex
@_exported import RuvectorSearch
@_exported import RuvectorTraining
