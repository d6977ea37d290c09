package state

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// ConfigName is the file of answers.
const ConfigName = "nixwright.toml"

// Dir is the infra repository: where the files are. Root is absolute.
type Dir struct {
	Root  string
	Paths PathsConf // relative to Root
}

// FindDir goes upwards from start to the directory that holds nixwright.toml;
// where none does, start itself is meant.
func FindDir(start string) (string, error) {
	abs, err := filepath.Abs(start)
	if err != nil {
		return "", fmt.Errorf("find infra repository: %w", err)
	}
	for d := abs; ; d = filepath.Dir(d) {
		if _, err := os.Stat(filepath.Join(d, ConfigName)); err == nil {
			return d, nil
		}
		if d == filepath.Dir(d) {
			return abs, nil
		}
	}
}

// Abs is the path of a file of the repository.
func (d Dir) Abs(rel string) string {
	if filepath.IsAbs(rel) {
		return filepath.Clean(rel)
	}
	return filepath.Join(d.Root, filepath.FromSlash(rel))
}

// Own is a path in .nixwright/.
func (d Dir) Own(name string) string { return filepath.Join(d.Root, ".nixwright", name) }

// Read returns a file of the repository; found is false where there is none.
func (d Dir) Read(rel string) (text string, found bool, err error) {
	b, found, err := ReadFile(d.Abs(rel))
	if err != nil {
		return "", false, fmt.Errorf("read %s: %w", rel, err)
	}
	return string(b), found, nil
}

// readLimit is how much of one file is read, in bytes.
const readLimit = 16 << 20

// ReadFile reads a file that may have come with somebody's repository: a
// regular one of at most 16 MiB, never a device or a pipe. found is false
// where there is none.
func ReadFile(path string) (data []byte, found bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	case info.IsDir():
		return nil, false, &fs.PathError{Op: "read", Path: path, Err: syscall.EISDIR}
	case !info.Mode().IsRegular():
		return nil, false, Problem{What: path + " is no regular file", Why: "it is a device, a pipe or a socket", Fix: "put a file in its place"}
	case info.Size() > readLimit:
		return nil, false, Problem{What: path + " is too large", Why: "it has more than 16 MiB", Fix: "see what it is; nothing that is read here is that large"}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = f.Close() }()
	data, err = io.ReadAll(io.LimitReader(f, readLimit))
	return data, err == nil, err
}

// Inside refuses paths that leave the repository through a link: the file may
// have come with it. The nearest part that exists is looked at.
func (d Dir) Inside(rels ...string) []Problem {
	var out []Problem
	root, err := filepath.EvalSymlinks(d.Root)
	if errors.Is(err, fs.ErrNotExist) { // so nothing in it leads anywhere
		return nil
	}
	if err != nil {
		root = d.Root
	}
	for _, rel := range rels {
		for at := d.Abs(rel); at != filepath.Dir(at); at = filepath.Dir(at) {
			if _, err := os.Lstat(at); err != nil {
				continue
			}
			target, err := filepath.EvalSymlinks(at)
			if err != nil || target != root && !strings.HasPrefix(target, root+string(filepath.Separator)) {
				out = append(out, Problem{
					What: rel + " leads out of " + d.Root, Why: "a link in it points elsewhere, or nowhere", Fix: "replace the link by a file or folder, or choose another path under [paths]",
				})
			}
			break
		}
	}
	return out
}

// ReadSecret returns a file that holds a secret in clear, less the white space
// around it; found is false where there is none.
func (d Dir) ReadSecret(rel string) (v Secret, found bool, err error) {
	text, found, err := d.Read(rel)
	return NewSecret(strings.TrimSpace(text)), found, err
}

// Write replaces a file of the repository as a whole, or leaves it as it was.
func (d Dir) Write(rel, text string) error {
	if err := WriteFile(d.Abs(rel), []byte(text), 0o644); err != nil {
		return fmt.Errorf("write %s: %w", rel, err)
	}
	return nil
}

// room is how much must be writable before something is asked for that is
// shown once, in bytes.
const room = 256 << 10

// HasRoom says whether a file of the repository can be written now, by writing
// a temporary one beside it. What is shown once is asked for only then.
func (d Dir) HasRoom(rel string) error {
	err := d.tryRoom(filepath.Dir(d.Abs(rel)))
	if err != nil {
		return fmt.Errorf("write %s: %w", rel, err)
	}
	return nil
}

func (d Dir) tryRoom(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, ".nixwright-room-*")
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, room))
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// RemoveOwn removes a file of .nixwright/, if it is there.
func (d Dir) RemoveOwn(name string) error {
	if err := os.Remove(d.Own(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", d.Own(name), err)
	}
	return nil
}

// MakeOwn makes .nixwright/ with its .gitignore.
func (d Dir) MakeOwn() error {
	own := filepath.Join(d.Root, ".nixwright")
	if err := os.MkdirAll(own, 0o755); err != nil {
		return fmt.Errorf("make %s: %w", own, err)
	}
	if info, err := os.Lstat(own); err != nil || !info.IsDir() {
		return Problem{What: own + " is no folder", Why: "it is a link, and our files would land where it leads", Fix: "remove it"}
	}
	ignore := d.Own(".gitignore")
	if _, err := os.Stat(ignore); err == nil {
		return nil
	}
	return WriteOwn(ignore, []byte("*\n"))
}

// WriteFile writes a file durably and as a whole: a temporary file beside it,
// fsync, rename, fsync of the folder. Folders are made. A link is followed,
// and the mode of a file that is there is kept.
func WriteFile(path string, data []byte, mode fs.FileMode) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	return replace(path, data, mode)
}

// WriteOwn is WriteFile for a file of ours in .nixwright/: a link there is
// replaced, not followed, and only this user may read it.
func WriteOwn(path string, data []byte) error { return replace(path, data, 0o600) }

func replace(path string, data []byte, mode fs.FileMode) (err error) {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, "."+strings.TrimPrefix(filepath.Base(path), ".")+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if err = f.Chmod(mode); err != nil {
		return err
	}
	if _, err = f.Write(data); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	return d.Sync()
}
