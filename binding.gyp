{
  # SwiftPM builds and links the addon; gyp only starts it and copies the result (one build system, no stale links).
  "targets": [
    {
      "target_name": "ruvector",
      "type": "none",
      "actions": [
        {
          "action_name": "swift_build",
          "inputs": ["Package.swift"],
          "outputs": ["<(module_root_dir)/build/always-run"],
          "action": ["bash", "npm/scripts/swift-build.sh", "<(nodedir)", "<(module_root_dir)/build/Release/ruvector.node"],
          "message": "Building the addon with SwiftPM"
        }
      ]
    }
  ]
}
