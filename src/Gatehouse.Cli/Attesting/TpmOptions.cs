using System.CommandLine;
using Gatehouse.Cli.Tpm;

namespace Gatehouse.Cli.Attesting;

/// <summary>Which TPM, and what its keys are where they are still to be made.</summary>
internal sealed class TpmOptions
{
    private const string Elliptic = "ecc";

    private readonly Option<string> tpm = new("--tpm")
    {
        Description = $"Where the TPM is: {TpmAddress.Forms}. Default: {TpmAddress.Default}.",
        HelpName = "tcti",
        DefaultValueFactory = _ => TpmAddress.Default,
    };

    internal Option Tpm => tpm;

    /// <summary>RSA 2048 as the device SDKs, or P-256.</summary>
    internal Option<string> Algorithm { get; } = Words.OneOf(
        new Option<string>("--algorithm") { Description = "rsa (default, as the device SDKs) or ecc: what keys that the TPM does not have yet are made as. Those that it has are used as they are.", HelpName = "kind", DefaultValueFactory = _ => "rsa" },
        "rsa", Elliptic);

    internal TpmAddress Address(Call call) => TpmAddress.Parse(call.Value(tpm)!, tpm.Name);

    internal bool IsElliptic(Call call) => call.Value(Algorithm) == Elliptic;
}
