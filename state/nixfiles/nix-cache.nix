# Lets a machine fetch from the binary cache of the CI: the address to ask, and
# the key that what comes back must be signed with.
#
# Written by nixwright, the same text in every repository. Import it on every
# machine that should use the cache, the CI host included; it needs nothing else.
{ config, lib, ... }:
let
  cfg = config.services.nixwright-cache;

  # A repository holds one CI, so there is one facts file, in the folder of the
  # host that it was made for. Machines that import this have other names.
  found =
    let
      around = builtins.readDir ./..;
      file = name: ./.. + "/${name}/ci-facts.json";
      holds = name: around.${name} == "directory" && builtins.pathExists (file name);
    in
    map file (builtins.filter holds (builtins.attrNames around));

  facts = builtins.fromJSON (builtins.readFile cfg.factsFile);
in
{
  options.services.nixwright-cache = {
    enable = lib.mkOption {
      type = lib.types.bool;
      default = true;
      description = "Whether to fetch from the CI's binary cache.";
    };
    factsFile = lib.mkOption {
      type = lib.types.path;
      default =
        if builtins.length found == 1 then
          builtins.head found
        else
          throw "services.nixwright-cache.factsFile: ${toString (builtins.length found)} facts files match ../*/ci-facts.json, so it must be set. If nixwright has just written the file, `git add` it: a flake sees no untracked ones.";
      defaultText = lib.literalMD "the one file that matches `../*/ci-facts.json`";
      description = "What nixwright learned of the CI; the cache's address and public key are read from it.";
    };
    url = lib.mkOption {
      type = lib.types.strMatching "https?://[A-Za-z0-9._~:/-]+";
      default = facts.cache.url;
      defaultText = lib.literalMD "`cache.url` of the facts file";
      description = "Address of the cache.";
    };
    publicKey = lib.mkOption {
      type = lib.types.strMatching "[A-Za-z0-9._+-]+:[A-Za-z0-9+/]+=*";
      default = facts.cache.publicKey;
      defaultText = lib.literalMD "`cache.publicKey` of the facts file";
      description = "Key that the cache signs with, `name:base64`.";
    };
  };

  # The extra- forms add to what the machine trusts already and replace nothing.
  config = lib.mkIf cfg.enable {
    nix.settings = {
      extra-substituters = [ cfg.url ];
      extra-trusted-public-keys = [ cfg.publicKey ];
    };
  };
}
