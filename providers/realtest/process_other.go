//go:build !linux

package realtest

import "syscall"

// apart puts a program into a process group of its own. It outlives a process
// of the test that is killed.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
