# Evaluates a host of a repository: its modules in nixos/mods, the surroundings
# in this folder, and what the host itself says. Gives what the tests look at.
{
  repo, # folder with nixos/mods and nixos/<host>
  host,
  early ? false,
  bare ? false, # without the upstream modules
  extra ? { },
  lib ? import ./lib.nix,
}:
let
  evaluated = lib.evalModules {
    modules = [
      (import ./nixos.nix { inherit early; })
      (repo + "/nixos/mods/buildbot-ci.nix")
      (repo + "/nixos/mods/nix-cache.nix")
      {
        config.networking.hostName = host;
        config.services.nixwright-ci.enable = true;
      }
      { config = extra; }
    ]
    ++ lib.optional (!bare) (import ./upstream.nix { inherit early; });
  };
  inherit (evaluated) config;
  failed = map (a: a.message) (builtins.filter (a: !a.assertion) config.assertions);
  secrets = builtins.mapAttrs (_: s: {
    inherit (s) owner format restartUnits;
    sopsFile = toString s.sopsFile;
  }) config.sops.secrets;
in
if bare then
  { inherit failed; }
else
  {
    inherit failed secrets;
    inherit (config) warnings;
    applied = config.environment.etc."nixwright/applied.json".text;
    worker =
      let
        w = config.services.buildbot-nix.worker;
      in
      if w.enable then { inherit (w) name workers masterUrl workerPasswordFile; } else null;
    settings = config.nix.settings;
    units = config.systemd.services;
    ports = config.networking.firewall.allowedTCPPorts;
  }
  // lib.optionalAttrs config.services.buildbot-nix.master.enable {
    facts = builtins.readFile config.environment.etc."nixwright/ci-facts.json".source;
    inherit (config.services) niks3;
    url = config.services.buildbot-master.buildbotUrl;
    master = builtins.removeAttrs config.services.buildbot-nix.master [ "enableNginx" ];
    proxy = config.services.oauth2-proxy;
    vhosts = config.services.nginx.virtualHosts;
    nginx = config.services.nginx.enable;
    inherit (config.systemd) sockets;
  }
