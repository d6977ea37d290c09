# The options of NixOS itself that the CI's modules define or look at, with
# their types in nixpkgs of 2026-06. `early` is NixOS 25.11, which still had
# oauth2-proxy's secrets as options without a default; since then they are
# removed, which leaves options that nobody sees and whose definition fails.
{ early }:
{ lib, config, ... }:
let
  inherit (lib) mkOption mkEnableOption types;
  option = type: mkOption { inherit type; };
  preset = type: default: mkOption { inherit type default; };
  sub = options: types.attrsOf (types.submodule { inherit options; });
  strings = preset (types.listOf types.str) [ ];
  removed = mkOption { type = types.raw; visible = false; default = "removed"; };
  oauth2 = config.services.oauth2-proxy;
in
{
  options = {
    assertions = preset (types.listOf types.raw) [ ];
    warnings = strings;
    environment.etc = preset (sub { text = preset (types.nullOr types.lines) null; source = preset (types.nullOr types.path) null; }) { };
    networking.hostName = preset (types.strMatching "^$|^[[:alnum:]]([[:alnum:]_-]{0,61}[[:alnum:]])?$") "nixos";
    networking.firewall = {
      enable = preset types.bool true;
      allowedTCPPorts = preset (types.listOf types.port) [ ];
      allowedTCPPortRanges = preset (types.listOf (types.attrsOf types.port)) [ ];
    };
    nix.settings = preset (types.attrsOf types.anything) { };
    systemd.package = preset types.package { type = "derivation"; name = "systemd"; outPath = "/systemd"; };
    systemd.services = preset (sub {
      after = strings;
      wants = strings;
      requires = strings;
      path = preset (types.listOf (types.either types.package types.str)) [ ];
      serviceConfig = preset (types.attrsOf types.anything) { };
    }) { };
    systemd.sockets = preset (sub {
      wantedBy = strings;
      socketConfig = preset (types.attrsOf types.anything) { };
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
        return = preset (types.nullOr (types.either types.str types.int)) null;
        extraConfig = preset types.lines "";
      }) { };
    }) { };

    services.oauth2-proxy = {
      enable = mkEnableOption "oauth2-proxy";
      provider = preset (types.enum [
        "adfs" "azure" "bitbucket" "digitalocean" "facebook" "github" "gitlab" "google"
        "keycloak" "keycloak-oidc" "linkedin" "login.gov" "nextcloud" "oidc"
      ]) "google";
      clientID = if early then option (types.nullOr types.str) else preset (types.nullOr types.str) null;
      keyFile = preset (types.nullOr types.path) null;
      httpAddress = preset types.str "http://127.0.0.1:4180";
      upstream = strings;
      redirectURL = preset (types.nullOr types.str) null;
      scope = preset (types.nullOr types.str) null;
      passBasicAuth = preset types.bool true;
      email.domains = strings;
      extraConfig = preset (types.attrsOf types.anything) { };
      clientSecret = if early then option (types.nullOr types.str) else removed;
      cookie.secret = if early then option (types.nullOr types.str) else removed;
    };

    services.buildbot-master = {
      port = preset types.port 8010;
      pbPort = preset (types.either types.str types.port) 9989;
      buildbotUrl = preset types.str "http://localhost:8010/";
    };
  };

  config = {
    services.oauth2-proxy = lib.optionalAttrs early (
      lib.mkIf (oauth2.keyFile != null) {
        clientID = lib.mkDefault null;
        clientSecret = lib.mkDefault null;
        cookie.secret = lib.mkDefault null;
      }
    );
    assertions = lib.optionals (!early) [
      {
        assertion = oauth2.clientSecret == "removed" && oauth2.cookie.secret == "removed";
        message = "The options services.oauth2-proxy.clientSecret and cookie.secret have been removed.";
      }
    ];
  };
}
