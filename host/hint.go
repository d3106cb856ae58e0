package host

import (
	"os"
	"path/filepath"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/fields"
)

// hint warns of what is a mistake in all likelihood, although a host can do it.
func (h *Host) hint() {
	own := 0
	if h.watches() {
		own = 1
	}
	if h.life.Work() <= own {
		h.log.Warn("host has nothing to run: add a service with hosted.AddHostedService")
	}
	if len(h.configuration.Files()) > 0 || !h.configuration.HasFiles() {
		return
	}
	if folder := settingsBesideExecutable(); folder != "" && folder != h.environment.ContentRoot {
		h.log.Warn("settings files lie beside the executable, not in the content root: set it with --contentRoot",
			zap.String(fields.ContentRoot, h.environment.ContentRoot), zap.String(fields.Path, folder))
	} else if root := h.environment.ContentRoot; filepath.Dir(root) == root {
		h.log.Warn("no settings file was read, and the content root is the root of the file system: set it with --contentRoot",
			zap.String(fields.ContentRoot, root))
	}
}

// settingsBesideExecutable is the folder of the executable if there is an
// appsettings file in it.
func settingsBesideExecutable() string {
	executable, err := os.Executable()
	if err != nil {
		return ""
	}
	folder := filepath.Dir(executable)
	if found, _ := filepath.Glob(filepath.Join(folder, "appsettings.*")); len(found) == 0 {
		return ""
	}
	return folder
}
