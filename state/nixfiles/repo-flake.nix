# Tells the CI what to build in a repository that has no flake of its own: the
# derivations that default.nix gives, as checks. Nothing else changes; nix-build
# and nix-shell go on as before.
#
# It has no inputs, so there is no flake.lock to keep. default.nix must fix its
# own versions then (npins, or fetchTarball with a hash), since flakes are
# evaluated without <nixpkgs> and without NIX_PATH. Where it is a function, it is
# given `system` if it takes one.
{
  description = "The checks that the CI builds";

  outputs =
    { self }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];

      isDerivation = value: builtins.isAttrs value && value.type or null == "derivation";

      # Only what is a derivation at the top, or in `checks` where there is one.
      derivations =
        value:
        if isDerivation value then
          { default = value; }
        else
          let
            set = if builtins.isAttrs (value.checks or null) then value.checks else value;
            names = builtins.filter (name: isDerivation set.${name}) (builtins.attrNames set);
          in
          builtins.listToAttrs (
            map (name: {
              inherit name;
              value = set.${name};
            }) names
          );

      # What there is to see before there is a default.nix: one green check.
      placeholder = system: {
        nothing-to-build-yet = derivation {
          name = "nothing-to-build-yet";
          inherit system;
          builder = "/bin/sh";
          args = [
            "-c"
            "echo 'add a default.nix, or checks to flake.nix' > $out"
          ];
        };
      };

      checks =
        system:
        if !builtins.pathExists ./default.nix then
          placeholder system
        else
          let
            given = import ./default.nix;
            arguments = builtins.intersectAttrs (builtins.functionArgs given) { inherit system; };
          in
          derivations (if builtins.isFunction given then given arguments else given);
    in
    {
      checks = builtins.listToAttrs (
        map (system: {
          name = system;
          value = checks system;
        }) systems
      );
    };
}
