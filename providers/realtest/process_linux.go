package realtest

import "syscall"

// apart puts a program into a process group of its own, which ends at the
// latest with the process of the test.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
