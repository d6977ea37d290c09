package state

// NixHost is what a machine's configuration is to have: inputs of the infra
// repository, and modules that the machine imports.
type NixHost struct {
	Name    string // of nixosConfigurations
	Dir     string // the folder of its files, relative to the infra repository
	Inputs  []NixInput
	Modules []NixModule
}

// NixInput is a repository on GitHub.
type NixInput struct {
	Name   string // of the input or pin, and of the repository
	Owner  string
	Branch string // that npins follows; empty: its releases
}

// NixModule is one module of three kinds: of an input, a file of the
// repository, or written out.
type NixModule struct {
	Input string // the input's name
	Attr  string // inputs.<Input>.nixosModules.<Attr>
	File  string // the same as a path in the input: nixosModules/master.nix
	Path  string // a file, relative to the infra repository
	Text  string // written out: { services.x.enable = true; }
	Marks string // the option in Text by which it is known: nixwright-ci
}

// NixAdd is text that is to be added to a file.
type NixAdd struct {
	File string // relative to the infra repository
	Line int    // it goes behind this line's text; 0: not found out
	To   string // the place in words: inputs, modules of omnara1
	Text string // in one line
}

// NixLook is what an infra repository has of a NixHost.
type NixLook struct {
	Inputs

	Lacks    []string   // names of inputs that it does not have
	Unlocked []string   // inputs of flake.nix that are not in flake.lock
	Imports  []string   // modules that the machine does not import, in short
	Adds     []NixAdd   // what is to be added, in this order
	Flake    string     // all of flake.nix with what can be added to it; empty: nothing can
	Why      string     // why flake.nix, or a part of it, is left alone
	Commands [][]string // that add what lacks of the pins
	Runs     bool       // their program is installed
}

// Way is how ssh gets to a machine.
type Way struct {
	User  string
	Host  string // name or address
	Port  string // as the destination itself says it; empty: it says none
	Local bool   // it is this machine
}
