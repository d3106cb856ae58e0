package config

import (
	"os"
	"path/filepath"
	"strings"
)

// interest is which names matter in a folder; all if it is nil.
type interest map[string]bool

// follow adds the folders in which a change can lead to another content of path:
// that of the file, those of the symbolic links on the way to it, as Kubernetes
// mounts have two of, and for what does not exist yet the last folder that does.
// A path that is a folder is one of them, with all its names.
func follow(folders map[string]interest, path string) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return
	}
	volume := filepath.VolumeName(absolute)
	folder := volume + string(filepath.Separator)
	rest := pathNames(absolute[len(volume):])
	for links := 0; len(rest) > 0; {
		name := rest[0]
		next := filepath.Join(folder, name)
		info, err := os.Lstat(next)
		switch {
		case err != nil:
			addInterest(folders, folder, name) // here it may appear
			return
		case info.Mode()&os.ModeSymlink != 0:
			addInterest(folders, folder, name)
			target, err := os.Readlink(next)
			if links++; err != nil || links > 40 {
				return // a cycle; whoever breaks it does so here
			}
			if filepath.IsAbs(target) {
				volume = filepath.VolumeName(target)
				folder, target = volume+string(filepath.Separator), target[len(volume):]
			}
			rest = append(pathNames(target), rest[1:]...)
		case len(rest) > 1:
			folder, rest = next, rest[1:]
		case info.IsDir():
			folders[next] = nil
			addInterest(folders, folder, name) // it may be replaced
			return
		default:
			addInterest(folders, folder, name)
			return
		}
	}
	folders[folder] = nil // a link to a folder that is above it
}

func addInterest(folders map[string]interest, folder, name string) {
	names, known := folders[folder]
	switch {
	case !known:
		folders[folder] = interest{name: true}
	case names != nil: // else all matter already
		names[name] = true
	}
}

// pathNames are those on a path; ".." stays, for Join to take back a folder that is
// not a link any more.
func pathNames(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r < 0x80 && os.IsPathSeparator(uint8(r)) })
}
