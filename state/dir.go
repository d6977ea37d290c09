package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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
	b, err := os.ReadFile(d.Abs(rel))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", false, nil
	case err != nil:
		return "", false, fmt.Errorf("read %s: %w", rel, err)
	}
	return string(b), true, nil
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
	if err := os.MkdirAll(d.Own(""), 0o755); err != nil {
		return fmt.Errorf("make %s: %w", d.Own(""), err)
	}
	ignore := d.Own(".gitignore")
	if _, err := os.Stat(ignore); err == nil {
		return nil
	}
	return WriteFile(ignore, []byte("*\n"), 0o644)
}

// WriteFile writes a file durably and as a whole: a temporary file beside it,
// fsync, rename, fsync of the folder. Folders are made. A link is followed,
// and the mode of a file that is there is kept.
func WriteFile(path string, data []byte, mode fs.FileMode) (err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
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
