using Gatehouse.Keys.Pkcs11;
using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;

namespace Gatehouse.Keys.Tests;

/// <summary>Keys in a token as other programs make them.</summary>
internal static class ForeignKeys
{
    internal static void Make(ISession session, string label, bool isExtractable, bool isRsa)
    {
        var make = Pkcs11Module.Makes.ObjectAttributeFactory;
        List<IObjectAttribute> hidden =
        [
            make.Create(CKA.CKA_TOKEN, true), make.Create(CKA.CKA_PRIVATE, true), make.Create(CKA.CKA_LABEL, label), make.Create(CKA.CKA_DECRYPT, true),
            make.Create(CKA.CKA_SENSITIVE, true), make.Create(CKA.CKA_EXTRACTABLE, isExtractable),
        ];
        if (isRsa)
        {
            session.GenerateKeyPair(
                TokenKeys.Mechanism(CKM.CKM_RSA_PKCS_KEY_PAIR_GEN),
                [make.Create(CKA.CKA_TOKEN, true), make.Create(CKA.CKA_LABEL, label), make.Create(CKA.CKA_ENCRYPT, true), make.Create(CKA.CKA_MODULUS_BITS, 3072ul), make.Create(CKA.CKA_PUBLIC_EXPONENT, [1, 0, 1])],
                hidden,
                out _,
                out _);
        }
        else
        {
            session.GenerateKey(TokenKeys.Mechanism(CKM.CKM_AES_KEY_GEN), [.. hidden, make.Create(CKA.CKA_ENCRYPT, true), make.Create(CKA.CKA_VALUE_LEN, 32ul)]);
        }
    }
}
