namespace Gatehouse.Cli.Attesting;

/// <summary>The group <c>attest</c>: runs on the device itself, and makes it prove what it is.</summary>
internal static class AttestCommands
{
    internal static HubCommand Group(Shell shell) => Shell.Group(
        "attest",
        "On a device: proves what it is to the provisioning service, and gives it what it needs for its hub.",
        Shell.Group(
            "tpm",
            "By the TPM 2.0 of this Linux device, without any SDK; its keys never leave the TPM.",
            new ShowTpm(shell).Command,
            new RegisterTpm(shell).Command,
            new TpmToken(shell).Command));
}
