package host

import (
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
)

// defaultContentRoot is the working directory, unless that is a folder of the system,
// in which the service manager starts services: nobody means that. Then it is the
// folder of the executable.
func defaultContentRoot() string {
	working, err := os.Getwd()
	if err != nil {
		return "."
	}
	executable, err := os.Executable()
	if err != nil {
		return "."
	}
	for _, folder := range []func() (string, error){windows.GetSystemDirectory, windows.GetWindowsDirectory} {
		system, err := folder()
		if err == nil && strings.EqualFold(filepath.Clean(working), filepath.Clean(system)) {
			return filepath.Dir(executable)
		}
	}
	return "."
}
