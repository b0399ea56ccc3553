using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Identity.X509;
using Gatehouse.Keys;
using Gatehouse.Keys.Signing;

namespace Gatehouse.Bench.Identity;

/// <summary>What the issuance of a certificate costs without doors and store: the request read and its proof checked, the certificate built and signed, by a key in each place. One thread.</summary>
internal static class SigningLoad
{
    /// <param name="time">Of each row.</param>
    /// <param name="address">A key store beside files, as <c>--key-store</c> has it; null for none.</param>
    internal static async Task RunAsync(TimeSpan time, string? address)
    {
        var folder = Directory.CreateTempSubdirectory("gatehouse-signing-");
        try
        {
            var keys = Path.Combine(folder.FullName, "keys");
            KeyStoreAddress[] declared = address is null ? [new KeyStoreAddress.Files()]
                : KeyStoreAddress.TryParse(address, out var parsed) is { } wrong ? throw new ArgumentException($"The key store {wrong}.", nameof(address))
                : [new KeyStoreAddress.Files(), parsed];
            using var vault = SecretVault.Open(keys, new KeyStores(keys, declared));
            using var subject = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=device-1", subject, HashAlgorithmName.SHA256).CreateSigningRequest();
            foreach (var store in vault.Custody.Stores.All)
            {
                foreach (var type in Enum.GetValues<SigningKeyType>())
                {
                    SigningKeyHandle key;
                    try
                    {
                        key = store.CreateSigning($"bench-{Guid.NewGuid():N}", type);
                    }
                    catch (KeysException error) when (error.Fault == KeysFault.Refused)
                    {
                        continue; // A TPM makes one type.
                    }

                    using (key)
                    {
                        var generator = key.CreateGenerator();
                        await RowAsync($"certificate, {key.Mechanism}", time, () => Issue(request, key, generator));
                        await RowAsync($"signature alone, {key.Mechanism}", time, () => key.Sign("what is signed"u8, key.Hash));
                    }
                }

                if (store.Name.StartsWith("pkcs11", StringComparison.Ordinal))
                {
                    await RowAsync("a session opened, a log-in, a look for a key, and out again", time, () => store.Find("none"));
                }
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Issue(byte[] request, SigningKeyHandle key, X509SignatureGenerator generator)
    {
        if (!CertificateSigningRequest.TryRead(request, out var read, out var fault) || read.NameFault("device-1") is not null || read.ProofFault() is not null)
        {
            throw new InvalidOperationException(fault);
        }

        using var subject = ECDsa.Create();
        subject.ImportSubjectPublicKeyInfo(read.PublicKey.Span, out _);
        var now = DateTimeOffset.UtcNow;
        var certificate = new CertificateRequest("CN=device-1", subject, key.Hash);
        certificate.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        using var signed = certificate.Create(new X500DistinguishedName("CN=CA"), generator, now, now.AddDays(30), RandomNumberGenerator.GetBytes(15));
    }

    private static async Task RowAsync(string what, TimeSpan time, Action work)
    {
        Run(TimeSpan.FromSeconds(1), work); // compiled and warm
        var (cpu, started) = (Cpu(), Stopwatch.GetTimestamp());
        var count = Run(time, work);
        var (used, elapsed) = (Cpu() - cpu, Stopwatch.GetElapsedTime(started));
        await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"| {what} | {count / elapsed.TotalSeconds:N0} | {used.TotalMicroseconds / count:N0} |"));
    }

    private static long Run(TimeSpan time, Action work)
    {
        var (count, started) = (0L, Stopwatch.GetTimestamp());
        for (; Stopwatch.GetElapsedTime(started) < time; count++)
        {
            work();
        }

        return count;
    }

    private static TimeSpan Cpu()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }
}
