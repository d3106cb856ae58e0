package config

import (
	"os"
	"path/filepath"
	"strings"
)

// folders are those to watch, by path.
type folders map[string]*interest

// interest is what matters in a folder.
type interest struct {
	names map[string]bool
	all   bool // names matter
	must  bool // be watched; else it is good to have
}

// follow adds the folders in which a change can lead to another content of path:
// that of the file, those of the symbolic links on the way to it, as Kubernetes
// mounts have two of, and for what does not exist yet the last folder that does.
// A path that is a folder is one of them, with all its names. The folder above
// tells when the file's own is replaced as a whole.
func (f folders) follow(path string) {
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
			f.add(folder, name) // here it may appear
			return
		case info.Mode()&os.ModeSymlink != 0:
			f.add(folder, name)
			target, err := os.Readlink(next)
			if links++; err != nil || links > 40 {
				return // a cycle; whoever breaks it does so here
			}
			if filepath.IsAbs(target) {
				volume = filepath.VolumeName(target)
				folder, target = volume+string(filepath.Separator), target[len(volume):]
			}
			rest = append(pathNames(target), rest[1:]...)
		case info.IsDir():
			folder, rest = next, rest[1:]
		default:
			f.add(folder, name)
			rest = nil
		}
		if len(rest) == 0 {
			f.at(filepath.Dir(folder)).names[filepath.Base(folder)] = true
		}
	}
	if isFolder(path) {
		i := f.at(folder)
		i.all, i.must = true, true
	}
}

func (f folders) at(folder string) *interest {
	if f[folder] == nil {
		f[folder] = &interest{names: map[string]bool{}}
	}
	return f[folder]
}

func (f folders) add(folder, name string) {
	i := f.at(folder)
	i.names[name], i.must = true, true
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// pathNames are those on a path; ".." stays, for Join to take back a folder that is
// not a link any more.
func pathNames(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r < 0x80 && os.IsPathSeparator(uint8(r)) })
}
