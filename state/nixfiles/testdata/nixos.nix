# The options of NixOS itself that the CI's modules define or look at, with
# their types in nixpkgs. `early` is nixpkgs of early 2026, which still had
# oauth2-proxy's secrets as options without a default.
{ early }:
{ lib, config, ... }:
let
  inherit (lib) mkOption mkEnableOption types;
  option = type: mkOption { inherit type; };
  preset = type: default: mkOption { inherit type default; };
  sub = options: types.attrsOf (types.submodule { inherit options; });
  strings = preset (types.listOf types.str) [ ];
  oauth2 = config.services.oauth2-proxy;
in
{
  options = {
    assertions = preset (types.listOf types.raw) [ ];
    warnings = strings;
    environment.etc = preset (sub { text = option types.lines; }) { };
    networking.hostName = preset types.str "nixos";
    networking.firewall = {
      enable = preset types.bool true;
      allowedTCPPorts = preset (types.listOf types.port) [ ];
      allowedTCPPortRanges = preset (types.listOf (types.attrsOf types.port)) [ ];
    };
    nix.settings = preset (types.attrsOf types.anything) { };
    systemd.services = preset (sub {
      after = strings;
      wants = strings;
    }) { };

    services.nginx.enable = mkEnableOption "nginx";
    services.nginx.virtualHosts = preset (sub {
      enableACME = preset types.bool false;
      forceSSL = preset types.bool false;
      addSSL = preset types.bool false;
      locations = preset (sub {
        proxyPass = preset (types.nullOr types.str) null;
        proxyWebsockets = preset types.bool false;
        alias = preset (types.nullOr types.path) null;
        return = preset (types.nullOr types.str) null;
        extraConfig = preset types.lines "";
      }) { };
    }) { };

    services.oauth2-proxy = {
      enable = mkEnableOption "oauth2-proxy";
      provider = preset (types.enum [ "google" "github" ]) "google";
      clientID = if early then option (types.nullOr types.str) else preset (types.nullOr types.str) null;
      keyFile = preset (types.nullOr types.path) null;
      httpAddress = preset types.str "http://127.0.0.1:4180";
      upstream = strings;
      redirectURL = preset (types.nullOr types.str) null;
      scope = preset (types.nullOr types.str) null;
      passBasicAuth = preset types.bool true;
      email.domains = strings;
      extraConfig = preset (types.attrsOf types.anything) { };
    }
    // lib.optionalAttrs early {
      clientSecret = option (types.nullOr types.str);
      cookie.secret = option (types.nullOr types.str);
    };

    services.buildbot-master = {
      port = preset types.port 8010;
      pbPort = preset (types.either types.str types.port) 9989;
      buildbotUrl = preset types.str "http://localhost:8010/";
    };
  };

  config = lib.optionalAttrs early {
    services.oauth2-proxy = lib.mkIf (oauth2.keyFile != null) {
      clientID = lib.mkDefault null;
      clientSecret = lib.mkDefault null;
      cookie.secret = lib.mkDefault null;
    };
  };
}
