using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Keys;
using Gatehouse.Keys.Signing;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.WrappingKeys;

/// <summary>What operators do with the wrapping key, the data keys and signing keys while the server runs. One thing at a time: an HSM that does not answer holds one thread, and nothing else of the server.</summary>
/// <remarks>
/// The keys are files and objects of an HSM, the audit log is the store: no transaction spans both. So the record of a change is written into the keys' own file with
/// the change, goes to the audit log next, and is struck from the file last; a start completes what was cut short. It is never missing, and at worst there twice with the same <c>change</c>.
/// The keys are the server's: the record names the hub whose policy did it.
/// </remarks>
public sealed class ServerKeys(SecretVault vault, Database database, ILogger<ServerKeys> log) : IDisposable
{
    private const string SigningUse = "signing";
    private const int MostSubjectCharacters = 256;

    private readonly SemaphoreSlim turn = new(1);

    private KeyCustody Custody => vault.Custody;

    /// <summary>After the schema is in place: completes the audit log, and says where the keys are.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await RecordAsync(cancellationToken);
        log.WrappingKeyFound(Custody.WrappingKey.ToString(), Custody.WrappingKeyId);
        if (Custody.Stores.All.All(store => store.Name != Custody.WrappingKey.Store))
        {
            log.WrappingKeyElsewhere(Custody.WrappingKey.ToString(), $"{Custody.Stores.All[0].Name}");
        }
    }

    public Task<Result<KeyOverview>> ReadAsync(CancellationToken cancellationToken) => RunAsync(View, cancellationToken);

    /// <summary>Makes a wrapping key without using it. GenericConflict when there is one of this name.</summary>
    public Task<Result<StoredKeyView>> CreateAsync(HubName hub, string? key, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(key, async address =>
        {
            var made = Custody.Create(address);
            var record = Record(hub, actor, "key.create", address.ToString(), new JsonObject { ["id"] = made.Id });

            // A kill before this leaves a key that nobody relies on; its use is what is recorded for sure.
            await WriteAsync(record);
            return View(made);
        }, cancellationToken);

    /// <summary>Makes a signing key. GenericConflict when there is a key of this name.</summary>
    /// <param name="hub">Whose policy did it.</param>
    /// <param name="key">Its address.</param>
    /// <param name="type">One of <see cref="SigningKeyTypes.Forms"/>.</param>
    /// <param name="actor">For the audit record.</param>
    /// <param name="cancellationToken">Ends the wait for its turn.</param>
    public Task<Result<SigningKeyView>> CreateSigningAsync(HubName hub, string? key, string? type, string actor, CancellationToken cancellationToken) =>
        SigningKeyTypes.TryParse(type, out var wanted)
            ? ChangeAsync(key, async address =>
            {
                using var made = Custody.Stores.CreateSigning(address, wanted);
                await WriteAsync(Record(hub, actor, "key.create", address.ToString(), new JsonObject { ["use"] = SigningUse, ["type"] = made.Type, ["id"] = made.Id }));
                return View(address, made);
            }, cancellationToken)
            : Task.FromResult<Result<SigningKeyView>>(HubErrors.ArgumentInvalid.With($"The type of a signing key must be {SigningKeyTypes.Forms}."));

    /// <summary>Has a signing key sign a request for the certificate of a CA that signs for devices, for another CA to answer. GenericNotFound.</summary>
    /// <param name="hub">Whose policy did it.</param>
    /// <param name="key">Its address.</param>
    /// <param name="subject">Name of the CA, as in <c>CN=Plant 7 issuing CA,O=Contoso</c>; 1–256 characters.</param>
    /// <param name="actor">For the audit record.</param>
    /// <param name="cancellationToken">Ends the wait for its turn.</param>
    public Task<Result<SigningKeyView>> RequestAsync(HubName hub, string? key, string? subject, string actor, CancellationToken cancellationToken) =>
        NameOf(subject) is { } name
            ? ChangeAsync(key, async address =>
            {
                using var handle = Custody.Stores.OpenSigning(address, isNew: true);
                var request = new CertificateRequest(name, handle.PublicKey, handle.Hash);
                request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
                request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
                request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(handle.PublicKey, critical: false));
                var pem = request.CreateSigningRequestPem(handle.CreateGenerator());
                await WriteAsync(Record(hub, actor, "key.request", address.ToString(), new JsonObject { ["subject"] = name.Name, ["id"] = handle.Id }));
                return View(address, handle) with { Csr = pem };
            }, cancellationToken)
            : Task.FromResult<Result<SigningKeyView>>(HubErrors.ArgumentInvalid.With($"The subject must be a name such as CN=Issuing CA,O=Contoso, of 1–{MostSubjectCharacters} characters."));

    /// <summary>Wraps the data keys by a key that is there. GenericNotFound when there is none.</summary>
    public Task<Result<KeyOverview>> UseAsync(HubName hub, string? key, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(key, address => RewrapAsync(hub, address, "key.use", move: false, actor), cancellationToken);

    /// <summary>Wraps the data keys by a key that is made where there is none, and removes the former key if it is a file.</summary>
    public Task<Result<KeyOverview>> MoveAsync(HubName hub, string? key, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(key, address => RewrapAsync(hub, address, "key.move", move: true, actor), cancellationToken);

    /// <summary>Makes a new data key, or a new wrapping key in the store of the present one.</summary>
    public Task<Result<KeyOverview>> RotateAsync(HubName hub, bool isWrapping, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(Custody.WrappingKey.ToString(), async _ =>
        {
            if (isWrapping)
            {
                return await RewrapAsync(hub, Custody.NextWrappingKey(), "key.rotate", move: true, actor);
            }

            Custody.Rotate(Record(hub, actor, "key.rotate", "data keys", new JsonObject { ["dataKey"] = Custody.DataKeys.Max() + 1 }));
            await RecordAsync(CancellationToken.None);
            return View();
        }, cancellationToken);

    public void Dispose() => turn.Dispose();

    private async Task<KeyOverview> RewrapAsync(HubName hub, KeyAddress key, string action, bool move, string actor)
    {
        var facts = new JsonObject { ["from"] = Custody.WrappingKey.ToString(), ["fromId"] = Custody.WrappingKeyId };
        Custody.Rewrap(key, move, Record(hub, actor, action, key.ToString(), facts));
        await RecordAsync(CancellationToken.None);
        log.WrappingKeyChanged(key.ToString(), Custody.WrappingKeyId);
        return View();
    }

    private Task<Result<T>> ChangeAsync<T>(string? key, Func<KeyAddress, Task<T>> change, CancellationToken cancellationToken) =>
        KeyAddress.TryParse(key, out var address)
            ? RunAsync(
                async () =>
                {
                    await RecordAsync(cancellationToken);
                    return await change(address);
                },
                cancellationToken)
            : Task.FromResult<Result<T>>(HubErrors.ArgumentInvalid.With($"The key must be {KeyAddress.Forms}."));

    private Task<Result<T>> RunAsync<T>(Func<T> work, CancellationToken cancellationToken) => RunAsync(() => Task.FromResult(work()), cancellationToken);

    private async Task<Result<T>> RunAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            return Result<T>.Of(await Task.Run(work, CancellationToken.None));
        }
        catch (KeysException error)
        {
            return Answer(error.Fault).With(error.Message);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            log.KeysNotWritten(error);
            return HubErrors.ServiceUnavailable.With($"The keys directory cannot be written: {error.Message}");
        }
        finally
        {
            turn.Release();
        }
    }

    private static HubError Answer(KeysFault fault) => fault switch
    {
        KeysFault.NotFound => HubErrors.GenericNotFound,
        KeysFault.Exists => HubErrors.GenericConflict,
        KeysFault.Unavailable => HubErrors.ServiceUnavailable,
        _ => HubErrors.InvalidOperation,
    };

    private async Task RecordAsync(CancellationToken cancellationToken)
    {
        if (Custody.Unrecorded is { } record)
        {
            await WriteAsync(record, cancellationToken);
            Custody.MarkRecorded();
        }
    }

    private async Task WriteAsync(AuditRecord record, CancellationToken cancellationToken = default) => await database.WriteAsync(
        (write, _) =>
        {
            write.Audit(record);
            return Task.FromResult<Result<bool>>(true);
        },
        cancellationToken);

    private KeyOverview View() => new(Custody.WrappingKey.ToString(), Custody.WrappingKeyId, Custody.DataKeys, [.. Custody.Stores.All.Select(View)]);

    private KeyStoreView View(KeyStore store)
    {
        try
        {
            return new KeyStoreView(store.Name, [.. store.List().Select(View)], null);
        }
        catch (KeysException error)
        {
            return new KeyStoreView(store.Name, [], error.Message);
        }
    }

    private StoredKeyView View(StoredKey key) => new(key.Key.ToString(), key.Id, UseOf(key), key.Mechanism, key.Key == Custody.WrappingKey && key.Id == Custody.WrappingKeyId, key.Problem);

    private static string UseOf(StoredKey key) => key.Use switch
    {
        KeyUse.Signing => SigningUse,
        KeyUse.Secrets => "secrets",
        _ => "wrapping",
    };

    private static SigningKeyView View(KeyAddress key, SigningKeyHandle handle) =>
        new(key.ToString(), handle.Id, SigningUse, handle.Type, handle.Mechanism, PemEncoding.WriteString("PUBLIC KEY", handle.PublicKeyInfo.Span));

    private static X500DistinguishedName? NameOf(string? subject)
    {
        if (subject is not { Length: > 0 and <= MostSubjectCharacters } || subject.Any(char.IsControl))
        {
            return null;
        }

        try
        {
            return new X500DistinguishedName(subject);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static AuditRecord Record(HubName hub, string actor, string action, string subject, JsonObject detail)
    {
        detail["change"] = Guid.NewGuid().ToString("N");
        return new AuditRecord { Hub = hub.Value, Actor = actor, Action = action, Subject = subject, Detail = detail.ToJsonString() };
    }
}
